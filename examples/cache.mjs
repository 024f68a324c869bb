// The same question twice: the second time, the stored answer comes again as a stream, and no process starts.
import { streamResponse } from 'claude-cli-stream';
import { withCache } from 'claude-cli-stream/stores';

// In this program's memory. Without `store`, on disk: for the next start, and for other processes.
const stream = withCache(streamResponse, { store: new Map(), ttl: 60 * 60 * 1000 });

for (const round of ['first', 'second']) {
  for await (const event of stream('What is 2+2?')) {
    if (event.type === 'end') console.log(`${round}: ${event.text}${event.cached ? ', from the cache' : ''}`);
  }
}
