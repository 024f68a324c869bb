// Three answers at once, each growing in its place. What is drawn over and over is drawn by log-update.
import { streamResponse } from 'claude-cli-stream';
import logUpdate from 'log-update';

const rows = ['Rhine', 'Nile', 'Amazon'].map(river => ({ river, mark: '…', text: '' }));
const draw = () => logUpdate(rows.map(({ river, mark, text }) => `${mark} ${river}: ${text}`).join('\n'));

draw();
await Promise.all(
  rows.map(async row => {
    for await (const event of streamResponse(`Tell a tale about the ${row.river}, in 12 words.`)) {
      if (event.type === 'text') row.text += event.text;
      if (event.type === 'end') row.mark = '✔';
      draw();
    }
  }),
);
logUpdate.done();
