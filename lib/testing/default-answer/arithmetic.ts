import type { Conversation } from './conversation.ts';

/** "2+2", "What is 17 * (3 - 1)?": the result alone. */
export function answerArithmetic({ prompt }: Pick<Conversation, 'prompt'>): string | undefined {
  const text = inSymbols(prompt);
  const expression = (onlyExpression.exec(text) ?? askedExpression.exec(text))?.[1];
  if (expression === undefined || !/\d[\s)]*[-+*/]/.test(expression)) return undefined;
  const result = evaluate(expression);
  if (result === undefined) return undefined;
  return Number.isFinite(result) ? String(Number(result.toPrecision(12))) : 'That has no result.';
}

const expressionPattern = String.raw`([-(.\d][-+*/().\d\s]*[\d)])`;
const onlyExpression = new RegExp(String.raw`^${expressionPattern}\s*[=?.!]*\s*$`);
const askedExpression = new RegExp(
  String.raw`\b(?:what(?:'s|’s| is)|calculate|compute|evaluate|solve|how much is)\s*:?\s*${expressionPattern}`,
);

function inSymbols(prompt: string): string {
  return prompt
    .toLowerCase()
    .replace(/(\d),(?=\d{3}\b)/g, '$1')
    .replace(/\bplus\b/g, '+')
    .replace(/\bminus\b|−/g, '-')
    .replace(/\b(?:times|multiplied by)\b|[×·]|(?<=\d\s*)x(?=\s*\d)/g, '*')
    .replace(/\bdivided by\b|÷/g, '/');
}

/** The value of an expression of + - * / and brackets; undefined if it is not one. */
export function evaluate(expression: string): number | undefined {
  const tokens = expression.match(/\d+\.?\d*|\.\d+|[-+*/()]/g) ?? [];
  let position = 0;
  const accept = (...wanted: string[]) => {
    const token = tokens[position];
    if (token === undefined || !wanted.includes(token)) return undefined;
    position += 1;
    return token;
  };

  const sum = (): number => {
    let value = product();
    for (let sign = accept('+', '-'); sign; sign = accept('+', '-'))
      value = sign === '+' ? value + product() : value - product();
    return value;
  };
  const product = (): number => {
    let value = factor();
    for (let sign = accept('*', '/'); sign; sign = accept('*', '/'))
      value = sign === '*' ? value * factor() : value / factor();
    return value;
  };
  const factor = (): number => {
    if (accept('-')) return -factor();
    if (accept('(')) {
      const value = sum();
      return accept(')') ? value : Number.NaN;
    }
    const token = tokens[position];
    position += 1;
    return token === undefined ? Number.NaN : Number(token);
  };

  const value = sum();
  return position === tokens.length && !Number.isNaN(value) ? value : undefined;
}
