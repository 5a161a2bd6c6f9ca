import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // vitest leaves one core of two idle: tests wait for processes and pages more than they compute.
    maxWorkers: 2,
    reporters: ['default'],
    globalSetup: ['test/own-folder.ts'],
  },
});
