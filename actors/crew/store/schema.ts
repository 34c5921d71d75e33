/**
 * Owns the tables of a crew.
 * It holds no code: every column is here, for whoever wants to query the file on their own.
 *
 * Times are Unix milliseconds by the clock of whoever wrote them. They are shown and never compared, since the clocks
 * of hosts differ; who is alive is told by `beat`, a number that grows.
 *
 * A task is ready when `unmet` is 0. That number is kept by whoever completes a dependency, or invalidates it, in the
 * same transaction, and what is ready is in a partial index: a claim costs the same among 100 tasks and 100 000.
 *
 * @module
 */
import type { Schema } from "../../storage/open_database.ts";

const VERSION_1 = `
create table workflows (
  id integer primary key,
  name text not null unique,
  total_tasks integer,                       -- null when nobody knows, as with generators
  created_at integer not null                -- Unix milliseconds, as all times
);

create table workers (
  id integer primary key autoincrement,      -- never given to another member
  workflow_id integer not null references workflows (id),
  identifier text not null,
  status text not null check (status in ('idle', 'busy', 'offline', 'killed')),
  beat integer not null default 0,           -- grows with every heartbeat
  last_heartbeat integer not null,
  heartbeat_interval_ms integer not null,
  heartbeat_timeout_ms integer not null,
  labels text not null,                      -- JSON, sorted
  hostname text not null,
  pid integer not null,
  process_birth text,                        -- tells the process from a later one with its pid
  started_at integer not null,
  ended_at integer,
  processed_tasks integer not null default 0,
  is_registering integer not null default 0  -- it may yet add tasks that nobody knows
);
create index idx_workflow_status on workers (workflow_id, status);
create unique index workers_at_work on workers (workflow_id, identifier) where status in ('idle', 'busy');

create table tasks (
  id integer primary key,
  workflow_id integer not null references workflows (id),
  name text not null,                        -- the task's id for its users
  state text not null check (state in ('announced', 'waiting', 'ready', 'running', 'completed', 'failed', 'killed',
    'abandoned', 'blocked')),
  status text,                               -- the current one; null when nothing has happened yet
  is_claimable integer not null default 0,   -- ready, or running with room for a further member
  rank integer not null default 0,           -- lower goes first
  requirements text not null default '[]',   -- JSON, sorted
  unmet integer not null default 0,          -- dependencies that are not completed
  max_parallel_workers integer not null default 1,
  active_workers integer not null default 0,
  has_completed integer not null default 0,  -- completed by one member while others are at it
  is_stale integer not null default 0,       -- invalidated while it runs
  failed_retries integer not null default 0, -- attempts that failed since it was last invalidated
  killed_retries integer not null default 0,
  fingerprint text,                          -- the one it was registered with
  last_fingerprint text,                     -- the one of the last completion
  result text,                               -- what its user wants to be remembered of the last completion
  definition text,                           -- JSON of what it was registered as; null for one only announced
  started_at integer,                        -- of the last attempt
  ended_at integer
);
create unique index tasks_by_name on tasks (workflow_id, name);
create index tasks_by_state on tasks (workflow_id, state, requirements);
create index idx_requirements on tasks (workflow_id, requirements, rank, id) where is_claimable = 1;

create table requirement_sets (
  workflow_id integer not null references workflows (id),
  requirements text not null,
  primary key (workflow_id, requirements)
) without rowid;

create table task_dependencies (
  task_id integer not null references tasks (id),
  dependency_id integer not null references tasks (id),
  primary key (task_id, dependency_id)
) without rowid;
create index task_dependents on task_dependencies (dependency_id, task_id);

create table task_statuses (
  id integer primary key autoincrement,      -- that of a running one is also the number of the claim
  task_id integer not null references tasks (id),
  worker_id integer references workers (id), -- null where no member had the task
  status text not null check (status in ('running', 'completed', 'failed', 'abandoned', 'cancelled', 'blocked',
    'killed', 'invalidated')),
  fingerprint text,
  timestamp integer not null,
  detail text                                -- why it failed
);
create index idx_task_status on task_statuses (task_id, status);
create index idx_worker_status on task_statuses (worker_id, status);
create index idx_timestamp on task_statuses (timestamp);

create table used_dependencies (             -- what a completion went by
  status_id integer not null references task_statuses (id),
  dependency_id integer not null references tasks (id),
  primary key (status_id, dependency_id)
) without rowid;

create table claims (                        -- who has what now
  id integer primary key references task_statuses (id),
  task_id integer not null references tasks (id),
  worker_id integer not null references workers (id),
  fingerprint text
);
create index claims_by_task on claims (task_id, worker_id);
create index claims_by_worker on claims (worker_id);

create table events (
  sequence integer primary key autoincrement,
  workflow_id integer not null references workflows (id),
  kind text not null,
  task_id integer,
  worker_id integer,
  timestamp integer not null
);

create table locks (
  workflow_id integer not null references workflows (id),
  name text not null,
  token text not null,                       -- unlike that of any other holding
  owner text not null,                       -- common to all locks that one crew object holds
  beat integer not null,                     -- grows while the owner lives
  holder text not null,                      -- the member's identifier
  hostname text not null,
  pid integer not null,
  process_birth text,
  acquired_at integer not null,
  primary key (workflow_id, name)
) without rowid;
`;

const VERSION_2 = `
create table task_outputs (                  -- what an attempt printed that failed; text, or bytes that are none
  status_id integer primary key references task_statuses (id),
  stdout blob,
  stderr blob
);
`;

const VERSION_3 = `
alter table tasks add column work text;      -- the fingerprint of all that the last completion was made from
alter table claims add column work text;     -- the same of what is being made, where others may be about to make it too
create index tasks_by_work on tasks (workflow_id, work) where work is not null;
create index claims_by_work on claims (work) where work is not null;
`;

// Claims name temporary files, so two databases must not begin with the same one: 31 bits, and 20 for what follows.
const VERSION_4 = `
insert into sqlite_sequence (name, seq) select 'task_statuses', 0
  where not exists (select 1 from sqlite_sequence where name = 'task_statuses');
update sqlite_sequence set seq = max(seq, (random() & 0x7fffffff) << 20) where name = 'task_statuses';
`;

const VERSION_5 = `
create table guard (                         -- one row: how all who use this file keep out of each other's way
  id integer primary key check (id = 1),
  guard text not null check (guard in ('sqlite', 'kernel', 'file'))
);
insert into guard values (1, 'sqlite');
`;

const VERSION_6 = `
alter table workflows add column project text; -- whose tasks these are; null until somebody comes who says so
`;

/** "TrpC" */
export const CREW_SCHEMA: Schema = {
  applicationId: 0x54727043,
  steps: [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6],
};
