import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '../../errors.ts';

export interface TokenOptions {
  token?: string | readonly string[] | undefined;
  tokenFile?: string | undefined;
}

/** The tokens a client may show: the option, else the lines of the file, else `CLAUDE_CLI_STREAM_TOKEN`. */
export function readTokens(
  { token, tokenFile }: TokenOptions,
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  if (token !== undefined) return checked('token', [token].flat());
  if (tokenFile !== undefined) return checked('tokenFile', linesOf(tokenFile));
  const variable = env.CLAUDE_CLI_STREAM_TOKEN;
  return variable ? checked('CLAUDE_CLI_STREAM_TOKEN', [variable]) : [];
}

/** @returns the index of the token that a request shows, or -1. The time it takes tells nothing about the tokens. */
export function findToken(headers: Headers, tokens: readonly string[]): number {
  if (tokens.length === 0) return -1;
  const bearer = /^bearer +(.*)$/i.exec(headers.get('authorization') ?? '')?.[1];
  // Clients fill the one that is not meant with anything: either may be the token.
  const digests = [headers.get('x-api-key'), bearer].map(shown => sha256(shown ?? ''));
  return tokens.reduce((found, token, index) => {
    const digest = sha256(token);
    const [same, alsoSame] = digests.map(shown => timingSafeEqual(digest, shown));
    return same || alsoSame ? index : found;
  }, -1);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map(line => line.trim())
      .filter(line => line !== '');
  } catch {
    throw new InvalidOptionError('tokenFile', path, 'the path of a readable file with one token per line');
  }
}

/** The error names the option, never what was in it. */
function checked(option: string, tokens: readonly string[]): string[] {
  const usable = (token: unknown) => typeof token === 'string' && /^[\x21-\x7e]{16,}$/.test(token);
  if (tokens.length > 0 && tokens.every(usable)) return [...tokens];
  throw new InvalidOptionError(option, undefined, 'tokens of at least 16 visible ASCII characters');
}
