import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['spec/**/*.spec.ts'],
    // Deadlines, not expectations: the machine may be busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    // Specs share a process: they leave nothing behind, and loading everything anew for each costs half a second.
    isolate: false,
    // Real CLI processes cost half a second of CPU each, so two cores have enough with three test processes.
    maxWorkers: 3,
  },
});
