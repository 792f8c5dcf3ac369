import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { evaluateTemplate, hasExpression, parseTemplate } from '../../../src/runtime/expressions/index.js';
import { scopeOf } from './evaluate.js';

/** Flow and dashboard definitions that people run, beside the project; absent in a plain checkout. */
const CORPUS = resolve(import.meta.dirname, '../../../../shared/data/blueprints');

/** The same shapes in our own words, for where the corpus is absent. */
const REPRESENTATIVE: [string, unknown][] = [
  [`{{ secret('GITHUB_TOKEN') }}`, 'secret:GITHUB_TOKEN'],
  [`{{ secret(namespace='system', key='TOKEN') }}`, 'secret:TOKEN'],
  [`{{secret("TOKEN")}}`, 'secret:TOKEN'],
  ['{{ flow.namespace }}.{{flow.id}}', 'company.team.sync'],
  ['https://git.example/{{ inputs.repo }}.git', 'https://git.example/acme/flows.git'],
  ['{{ inputs.dryRun }}', true],
  [`{{ inputs.env == 'prod' ? 'main' : 'develop' }}`, 'main'],
  [`{{ inputs.message | default('Sync from ' ~ flow.namespace) }}`, 'Sync from company.team'],
  [`{{ trigger.date ?? execution.startDate | date('yyyy_MM_dd__HH_mm_ss') }}`, '2026_01_31__12_30_15'],
  [`{{ (trigger.date ?? execution.startDate) | dateAdd(-1, 'DAYS') | date('yyyy-MM-dd') }}`, '2026-01-30'],
  [`{{ now() | dateAdd(-5, 'DAYS') | date("yyyy-MM-dd'T'07:00:00-06:00") }}`, '2026-01-26T07:00:00-06:00'],
  [`{{ outputs.plan.files['flows.ion'] }}`, 'kestra:///flows.ion'],
  [`{{ outputs.plan.changes | length }}`, 2],
  [`{{ outputs.plan.changes | jq('.[].action') | first }}`, 'add'],
  [`{{ fromJson(outputs.api.body).total + 1 }}`, 4],
  [`{{ json(outputs.api['body']).total }}`, 3],
  [`{{ not (outputs.plan.empty == true and inputs.env == 'x') }}`, true],
  [`{{ (inputs.file | lower | substringAfterLast('.')) isIn ['yaml', 'yml'] }}`, true],
  [`{{ inputs.env not in (outputs.plan.changes | jq('.[].path')) }}`, true],
  [`{{ taskrun.value | replace('.', '_') }}`, 'company_team'],
  [`{{ inputs.message ?? '' != '' }}`, false],
  [
    `{% for change in outputs.plan.changes %}{{ change.path }}{% if not loop.last %}, {% endif %}{% endfor %}`,
    'a.yaml, b.yaml',
  ],
  [`{% if outputs.plan.changes | length > 0 %}changed{% else %}same{% endif %}`, 'changed'],
  [`{{ render(vars.branch) }}`, 'release-prod'],
  [`{{ kv('missing', errorOnMissing = false) ?? 'none' }}`, 'none'],
  [
    '{{ {\n  "data": {\n    "env": inputs.env,\n    "paths": {"a": {"b": 1}}\n  }\n} }}',
    { data: { env: 'prod', paths: { a: { b: 1 } } } },
  ],
];

const scope = scopeOf(
  {
    flow: { id: 'sync', namespace: 'company.team' },
    inputs: { repo: 'acme/flows', dryRun: true, env: 'prod', message: null, file: 'A.YAML' },
    outputs: {
      plan: {
        files: { 'flows.ion': 'kestra:///flows.ion' },
        changes: [
          { action: 'add', path: 'a.yaml' },
          { action: 'delete', path: 'b.yaml' },
        ],
        empty: false,
      },
      api: { body: '{"total": 3}' },
    },
    trigger: {},
    execution: { startDate: '2026-01-31T12:30:15Z' },
    taskrun: { value: 'company.team' },
    vars: { branch: 'release-{{ inputs.env }}' },
  },
  { secret: (key) => `secret:${key}`, kv: () => undefined },
);

/** Every text that an engine would render; a description is prose, and writes placeholders such as `{{ kv(...) }}`. */
function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const item of value) yield* texts(item);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      yield key;
      if (key !== 'description') yield* texts(member);
    }
  }
}

function readCorpus(): { file: string; text: string }[] {
  const files = readdirSync(CORPUS, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.ya?ml$/.test(file),
  );
  return files.flatMap((file) =>
    [...parseAllDocuments(readFileSync(join(CORPUS, file), 'utf8'))]
      .flatMap((document) => [...texts(document.toJS())])
      .filter(hasExpression)
      .map((text) => ({ file, text })),
  );
}

describe('expressions as flows use them', () => {
  it.each(REPRESENTATIVE)('%s is %j', async (source, expected) => {
    expect(await evaluateTemplate(source, scope)).toEqual(expected);
  });

  it.skipIf(!existsSync(CORPUS))(
    'parse in every published flow and dashboard [skipped without ../shared/data]',
    () => {
      const corpus = readCorpus();
      const failed = corpus.flatMap(({ file, text }) => {
        try {
          parseTemplate(text);
          return [];
        } catch (error) {
          return [`${file}: ${error instanceof Error ? error.message : String(error)}`];
        }
      });
      expect(failed).toEqual([]);
      expect(corpus.length).toBeGreaterThan(500);
    },
  );
});
