import { Agent, request } from 'node:http';

export const agent = new Agent({ keepAlive: true });

/**
 * Asks for a word to be repeated, as a stream, and judges what comes: `full`, `refused` (an HTTP error with a type),
 * `failed` (an `error` event with a type), `broken` (the connection broke, and so did HTTP), or `truncated`: what looks
 * like an answer and is none. `firstMs`: until the first piece of the body.
 */
export function ask(port, text, { path = '/v1/messages', headers = {} } = {}) {
  const body = JSON.stringify({
    model: 'sonnet',
    max_tokens: 1000,
    stream: true,
    messages: [{ role: 'user', content: `echo: ${text}` }],
  });
  const startedAt = performance.now();
  const ms = () => performance.now() - startedAt;
  return new Promise(resolve => {
    const init = { agent, port, path, host: '127.0.0.1', method: 'POST' };
    const asked = request(
      { ...init, headers: { 'content-type': 'application/json', ...headers } },
      response => {
        let firstMs;
        let answer = '';
        response.setEncoding('utf8').on('data', piece => {
          firstMs ??= ms();
          answer += piece;
        });
        response.on('close', () => {
          const outcome = response.complete ? judge(response.statusCode, answer, text) : 'broken';
          const retryAfter = Number(response.headers['retry-after'] ?? 0);
          resolve({ outcome, status: response.statusCode, firstMs, ms: ms(), answer, retryAfter });
        });
        response.on('error', () => {});
      },
    );
    asked.on('error', error => resolve({ outcome: 'broken', status: error.code, ms: ms(), answer: '' }));
    asked.end(body);
  });
}

function judge(status, answer, text) {
  if (status !== 200) return /"type":"\w+_error"/.test(answer) ? 'refused' : 'truncated';
  if (/^event: error\ndata: .*"type":"\w+"/m.test(answer)) return 'failed';
  const pieces = [...answer.matchAll(/"text_delta","text":("(?:[^"\\]|\\.)*")/g)].map(([, json]) =>
    JSON.parse(json),
  );
  return answer.includes('message_stop') && pieces.join('') === text ? 'full' : 'truncated';
}
