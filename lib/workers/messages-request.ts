import type { WireBlock } from '../cli/messages.ts';
import type { WireMessage } from './plan.ts';

/** A checked request body of `POST /v1/messages`, in the API's own snake_case. Further fields are passed on as they are. */
export interface MessagesRequest {
  model: string;
  max_tokens: number;
  messages: WireMessage[];
  system?: string | { type: 'text'; text: string }[];
  tools?: WireTool[];
  thinking?: WireBlock;
  output_config?: { effort?: string; [field: string]: unknown };
  stream?: boolean;
  [field: string]: unknown;
}

/** A tool of the caller, or a server tool of the API. */
export interface WireTool {
  name: string;
  description?: string;
  input_schema?: Record<string, unknown>;
  [field: string]: unknown;
}
