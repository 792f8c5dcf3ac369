import tseslint from 'typescript-eslint';

/** Biome formats and lints; ESLint adds only the rules that need types. */
export default tseslint.config(
  {
    ignores: [
      '**/assembly',
      'dist',
      '.dist-next',
      'coverage',
      'docs/api',
      'reports',
      '.stryker-tmp',
      '**/*.js',
      '**/*.cjs',
    ],
  },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-array-delete': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreIIFE: false }],
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportDeclaration[source.value='zod'] > ImportSpecifier[imported.name='z']",
          // That object holds all of zod, and keeps the build from leaving out the half that nobody uses.
          message: "Write: import * as z from 'zod'.",
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts', 'tasks/**/*.ts', 'schemas/**/*.ts'],
    ignores: ['src/testing/**'],
    rules: {
      // What a run takes from its surroundings is passed in by the composition root, bin/.
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only bin/ reads the environment.' },
      ],
      'no-console': 'error',
    },
  },
);
