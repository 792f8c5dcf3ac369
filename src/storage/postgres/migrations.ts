/** One step of the schema's history. Steps are applied in order, each once, and never edited after a release. */
export interface Migration {
  number: number;
  name: string;
  statements: readonly string[];
}

/*
 * Text that names things is collated by its bytes: fast, the same on every server, and the order listings promise.
 *
 * - resource: what is there now. A deleted one stays as a row without an oid, because its revisions go on counting.
 * - blob: contents by git blob id, once per tenant.
 * - revision: the history of every resource but records of kind `state`.
 * - record: the contents of those. Every run rewrites them, so their history would be most of the database.
 * - shelf: how many changes each namespace of each kind has seen, which makes the version of a scope cheap.
 * - execution: what runs and ran; `changes` counts what was written about it, `checkpoint` is where a paused one stands.
 * - run: executions that wait for a worker or have one. `lease` counts the workers that have held it, and so tells the
 *   present one from those before.
 * - pace: when the last run of a `coalesce_key` was to begin whose runs are kept apart.
 */
export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'resources with their history',
    statements: [
      `create table flowgit.storage (id uuid not null default gen_random_uuid())`,
      `insert into flowgit.storage default values`,
      `create table flowgit.blob (
         tenant text collate "C" not null,
         oid text collate "C" not null,
         content bytea not null,
         primary key (tenant, oid))`,
      `create table flowgit.resource (
         number bigint generated always as identity unique,
         tenant text collate "C" not null,
         kind text collate "C" not null,
         namespace text collate "C" not null,
         id text collate "C" not null,
         revision integer not null check (revision > 0),
         oid text collate "C",
         size integer,
         primary key (tenant, kind, namespace, id),
         check ((oid is null) = (size is null)))`,
      `create table flowgit.record (
         tenant text collate "C" not null,
         namespace text collate "C" not null,
         id text collate "C" not null,
         content bytea not null,
         primary key (tenant, namespace, id))`,
      `create table flowgit.revision (
         resource bigint not null references flowgit.resource (number),
         revision integer not null,
         oid text collate "C",
         size integer,
         made_at timestamptz not null default now(),
         primary key (resource, revision))`,
      `create table flowgit.shelf (
         tenant text collate "C" not null,
         kind text collate "C" not null,
         namespace text collate "C" not null,
         changes bigint not null default 0,
         primary key (tenant, kind, namespace))`,
    ],
  },
  {
    number: 2,
    name: 'executions, their task runs and logs',
    statements: [
      `create table flowgit.execution (
         tenant text collate "C" not null,
         id text collate "C" not null,
         namespace text collate "C" not null,
         flow_id text collate "C" not null,
         flow_revision integer,
         state text collate "C" not null,
         trigger jsonb,
         inputs jsonb not null default '{}',
         outputs jsonb not null default '{}',
         error jsonb,
         created_at timestamptz not null default now(),
         started_at timestamptz,
         ended_at timestamptz,
         primary key (tenant, id))`,
      `create index execution_by_flow on flowgit.execution (tenant, namespace, flow_id, created_at desc)`,
      `create index execution_by_time on flowgit.execution (tenant, created_at desc)`,
      `create index execution_unfinished on flowgit.execution (tenant, state) where ended_at is null`,
      `create table flowgit.task_run (
         tenant text collate "C" not null,
         execution_id text collate "C" not null,
         position integer not null,
         task_id text collate "C" not null,
         type text not null,
         state text collate "C" not null,
         attempts integer not null default 0,
         parent text,
         value jsonb,
         outputs jsonb not null default '{}',
         error jsonb,
         started_at timestamptz,
         duration_ms double precision not null default 0,
         primary key (tenant, execution_id, position),
         foreign key (tenant, execution_id) references flowgit.execution on delete cascade)`,
      `create table flowgit.log (
         tenant text collate "C" not null,
         execution_id text collate "C" not null,
         number bigint generated always as identity,
         task_id text collate "C",
         level text collate "C" not null,
         message text not null,
         fields jsonb,
         logged_at timestamptz not null,
         primary key (tenant, execution_id, number),
         foreign key (tenant, execution_id) references flowgit.execution on delete cascade)`,
    ],
  },
  {
    number: 3,
    name: 'the queue of runs',
    statements: [
      `alter table flowgit.execution
         add column changes bigint not null default 0,
         add column checkpoint jsonb`,
      `create table flowgit.execution_plan (
         tenant text collate "C" not null,
         execution_id text collate "C" not null,
         number bigint generated always as identity,
         task_id text collate "C" not null,
         subject text collate "C" not null,
         plan jsonb not null,
         primary key (tenant, execution_id, task_id, subject),
         foreign key (tenant, execution_id) references flowgit.execution on delete cascade)`,
      `create table flowgit.run (
         number bigint generated always as identity unique,
         tenant text collate "C" not null,
         execution_id text collate "C" not null,
         state text collate "C" not null default 'waiting' check (state in ('waiting', 'running')),
         exclusive_keys text[] collate "C" not null default '{}',
         coalesce_key text collate "C",
         start_after timestamptz not null default now(),
         again timestamptz,
         ticket uuid,
         attempts integer not null default 0,
         lease bigint not null default 0,
         leased_by text,
         leased_until timestamptz,
         is_cancelled boolean not null default false,
         primary key (tenant, execution_id))`,
      `create index run_waiting on flowgit.run (tenant, number) where state = 'waiting'`,
      `create index run_running on flowgit.run (tenant, leased_until) where state = 'running'`,
      `create index run_keys on flowgit.run using gin (exclusive_keys)`,
      `create unique index run_coalesced on flowgit.run (tenant, coalesce_key)
         where state = 'waiting' and coalesce_key is not null`,
    ],
  },
  {
    number: 4,
    name: 'executions by their end',
    statements: [
      `create index execution_ended on flowgit.execution (tenant, ended_at) where ended_at is not null`,
    ],
  },
  {
    number: 5,
    name: 'when runs of a burst begin',
    statements: [
      `create table flowgit.pace (
         tenant text collate "C" not null,
         key text collate "C" not null,
         begins timestamptz not null,
         primary key (tenant, key))`,
    ],
  },
];
