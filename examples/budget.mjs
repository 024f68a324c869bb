// A limit for what all calls may cost together. When it is spent, no process is started.
import { streamResponse } from 'claude-cli-stream';
import { BudgetExceededError, createBudget, withBudget } from 'claude-cli-stream/stores';

// With `directory`, several processes share it, and it outlives them.
const budget = createBudget({ usd: 0.0001, window: 'day' });
const stream = withBudget(streamResponse, budget);

try {
  for (const prompt of ['What is 2+2?', 'And 3+3?']) {
    for await (const event of stream(prompt)) if (event.type === 'end') console.log(event.text);
  }
} catch (error) {
  if (!(error instanceof BudgetExceededError)) throw error;
  console.log(`${error.code}, until ${error.resetsAt?.toISOString()}`);
}
