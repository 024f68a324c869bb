/**
 * A stand-in of the Messages API on this machine, for tests and demonstrations.
 * @module claude-cli-stream/testing
 */

export type {
  Answer,
  AnswerBlock,
  AnswerRule,
  Deltas,
  ErrorAnswer,
  EventsAnswer,
  Failure,
  HttpAnswer,
  MessageAnswer,
  OtherAnswerBlock,
  Pace,
  StopReason,
  StreamEvent,
  StreamEventType,
  TextAnswerBlock,
  ThinkingAnswerBlock,
  ToolAnswerBlock,
} from './answer.ts';
export type { OfflineEnvironment } from './environment.ts';
export { failures } from './failures.ts';
export { type OfflineApi, type OfflineApiOptions, startOfflineApi } from './offline-api.ts';
export type {
  BodyBlock,
  BodyMessage,
  BodyTool,
  MessagesBody,
  OfflineRequest,
  OtherRequest,
} from './request.ts';
