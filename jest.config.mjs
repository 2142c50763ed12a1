const FOLDERS = ['{packages,predictors}/*/test', 'tests'];

/** Tests of files whose name ends like this; `*.slow.test.ts` starts processes, installs, or is large on purpose. */
function project(displayName, ending, except = []) {
  return {
    displayName,
    testMatch: FOLDERS.map((folder) => `<rootDir>/${folder}/**/*${ending}`),
    testPathIgnorePatterns: ['/node_modules/', '/dist/', ...except],
    transform: {
      '\\.ts$': [
        '@swc/jest',
        { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
      ],
    },
    extensionsToTreatAsEsm: ['.ts'],
  };
}

export default {
  projects: [
    project('unit', '.test.ts', ['\\.slow\\.test\\.ts$']),
    project('slow', '.slow.test.ts'),
  ],
  maxWorkers: '100%',
  testTimeout: 60_000,
};
