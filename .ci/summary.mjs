// Prints "N passed, N failed" from vitest's JSON report. A spec file that could not even be loaded counts as one failure.
import { existsSync, readFileSync } from 'node:fs';

const [file = ''] = process.argv.slice(2);
if (existsSync(file)) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  console.log(`${numPassedTests} passed, ${numFailedTests + unloaded.length} failed`);
} else {
  console.log('the tests did not run: see above\n0 passed, 0 failed');
  process.exitCode = 1;
}
