import { pino } from 'pino';
import type { Exchange } from './exchange.ts';

/** Where the server tells what it does. A pino logger is one. */
export interface Logger {
  /** Each request. */
  info(facts: object, message?: string): void;
  /** Requests that failed on this side, or with 5xx. */
  error(facts: object, message?: string): void;
  /** Probes, and what `logContent` tells. */
  debug(facts: object, message?: string): void;
}

/** A pino logger on standard output: JSON lines, or in a terminal one short line per request. */
export function createLog({ level = 'info', out = process.stdout }: LogOptions = {}): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const pretty = { write: (line: string) => out.write(toPretty(JSON.parse(line))) };
  return pino(options, out.isTTY ? pretty : out);
}

/** Options of `createLog()`. */
export interface LogOptions {
  /** Default: `info`. */
  level?: 'debug' | 'info' | 'warn' | 'error';
  /** Default: standard output. */
  out?: NodeJS.WritableStream & { isTTY?: boolean };
}

/** Logs one request: who asked is left out, and so is everything that was said. */
export function logExchange(log: Logger, exchange: Exchange, endedAt: number): void {
  const { startedAt, ...facts } = exchange;
  const line = { ...facts, durationMs: round(endedAt - startedAt) };
  if (exchange.firstTokenMs !== undefined) line.firstTokenMs = round(exchange.firstTokenMs);
  const quiet = exchange.route === '/health' || exchange.route === '/ready' || exchange.route === '/metrics';
  if (exchange.status >= 500 || exchange.outcome === 'failed') log.error(line, 'request');
  else if (quiet) log.debug(line, 'request');
  else log.info(line, 'request');
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function toPretty(line: Line): string {
  const time = line.time.slice(11, 19);
  if (line.msg !== 'request') {
    const { time: _, level: __, msg, ...facts } = line;
    return `${time} ${msg ?? ''}${Object.keys(facts).length > 0 ? ` ${JSON.stringify(facts)}` : ''}\n`;
  }
  const { method, route, status, durationMs, model, inputTokens, outputTokens, outcome, errorType } = line;
  const parts = [time, method, route, status, `${durationMs} ms`, model, errorType];
  if (outputTokens !== undefined) parts.push(`${inputTokens ?? 0} > ${outputTokens} tokens`);
  if (outcome !== 'complete') parts.push(outcome);
  return `${parts.filter(part => part !== undefined).join('  ')}\n`;
}

type Line = { time: string; level: number; msg?: string } & Partial<Exchange> & { durationMs?: number };
