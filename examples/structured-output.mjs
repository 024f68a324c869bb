// An answer in the shape of a schema, checked with zod.
import { getResponse } from 'claude-cli-stream';
import * as z from 'zod';

const River = z.object({ name: z.string(), lengthKm: z.number(), countries: z.array(z.string()).min(1) });

const { structuredOutput } = await getResponse('Describe the river Rhine.', {
  outputSchema: z.toJSONSchema(River),
});
const river = River.parse(structuredOutput);
console.log(`${river.name}: ${river.lengthKm} km through ${river.countries.join(', ')}`);
