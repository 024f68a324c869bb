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
