/**
 * Owns the tables of the history.
 * It holds no code: every column is here, for whoever wants to query the file on their own.
 *
 * Times are whole Unix seconds, since `datetime(started_at, 'unixepoch')` and sums over them should just work; what is
 * finer than a second is in the columns called `duration_ms`. Tasks that were up to date have no row in `tasks`, and those
 * that were not started yet have none while their run goes on: `definitions` has them all.
 *
 * @module
 */
import type { Schema } from "../storage/open_database.ts";

const VERSION_1 = `
create table runs (
  id integer primary key autoincrement,      -- never given to another run
  started_at integer not null,               -- Unix seconds
  finished_at integer,                       -- Unix seconds; null while it goes on, and for ever if troupe was killed
  duration_ms integer,
  total_tasks integer not null,
  passed integer not null default 0,         -- kept up to date while the run goes on
  failed integer not null default 0,         -- those that timed out count too
  skipped integer not null default 0,
  timeouts integer not null default 0,       -- so many of the failed ones
  interrupted text,                          -- the signal that stopped it, e.g. SIGINT
  kind text not null check (kind in ('run', 'build')),
  source text not null,                      -- absolute path of the task file or config
  folder text not null,                      -- where the commands ran
  retry_of integer,                          -- the run it retries, which may be pruned by now
  host text not null,
  pid integer not null,
  process_birth text                         -- tells the process from a later one with its pid
);

create table tasks (
  id integer primary key,
  run_id integer not null references runs (id) on delete cascade,
  name text not null,
  command text not null,
  status text check (status in ('passed', 'failed', 'skipped', 'timeout')),  -- null while it runs
  exit_code integer,                         -- null if skipped or ended by a signal
  started_at integer,                        -- Unix seconds; null if skipped
  finished_at integer,                       -- null if skipped
  duration_ms integer,
  stdout text,                               -- a blob when it is not valid UTF-8 or holds a NUL
  stderr text,
  error text,                                -- why it failed or was skipped
  attempts integer not null default 1        -- 0 if skipped
);
create unique index tasks_by_run on tasks (run_id, name);

create table definitions (
  run_id integer not null references runs (id) on delete cascade,
  position integer not null,                 -- in the order of the task file
  name text not null,
  command text not null,
  dependencies text not null,                -- JSON: names in order
  timeout_ms integer,                        -- for one attempt; null means none
  retries integer not null,
  env text not null,                         -- JSON: name to value
  primary key (run_id, position)
) without rowid;
`;

/** What tasks declare about each other is kept to in a retry as well. */
const VERSION_2 = `
alter table definitions add column declared text;  -- JSON: what it reads, writes, shares and holds; null for nothing
`;

/** Attempts, and what was cancelled apart from what failed; what older rows tell in words is taken over. */
const VERSION_3 = `
alter table runs add column cancelled integer not null default 0;   -- so many of the skipped ones were begun and ended
alter table tasks add column cancelled integer not null default 0;  -- 1: skipped, but begun and ended as the run was
alter table tasks add column signal text;                           -- what ended its command, if it was not troupe

create table attempts (
  id integer primary key,
  run_id integer not null references runs (id) on delete cascade,
  task text not null,                        -- its name
  attempt integer not null,                  -- from 1
  started_us integer not null,               -- Unix microseconds
  ended_us integer not null,
  worker integer,                            -- from 1; null if no worker had it
  host text,
  exit_code integer,
  signal text,
  outcome text not null check (outcome in ('passed', 'failed', 'timeout', 'cancelled')),
  how text check (how in ('executed', 'restored', 'copied', 'fresh')),  -- null unless it passed
  reason text,                               -- why it was made, if there could have been a reason not to
  error text,                                -- why it failed
  stdout text,                               -- as in tasks, where the last attempt's is too
  stderr text
);
create index attempts_by_task on attempts (run_id, task, attempt);

update tasks set signal = substr(error, 29) where error like 'Command was ended by signal %';
update tasks set status = 'skipped', cancelled = 1 where status = 'failed' and error = 'Cancelled';
update runs set (cancelled, failed, skipped) =
  (select count(*), runs.failed - count(*), runs.skipped + count(*) from tasks where run_id = runs.id and cancelled = 1)
  where id in (select run_id from tasks where cancelled = 1);
`;

/** How long each task has to end is kept to in a retry as well. */
const VERSION_4 = `
alter table definitions add column grace_ms integer;  -- from being asked to end to SIGKILL; null means the run's own
`;

/** What a run was asked for; what each attempt was made of and took. */
const VERSION_5 = `
alter table runs add column asked text;                 -- JSON: the names that were asked for; null for all

alter table attempts add column fingerprint text;       -- first 16 hex digits of what names the work; null when unknown
alter table attempts add column cpu_us integer;         -- user and system time of its command
alter table attempts add column max_rss_kb integer;     -- the most memory its command had, if more than troupe

create table manifests (
  fingerprint text primary key,                         -- as in attempts
  base text,                                            -- the manifest that content changes; null when it is whole
  depth integer not null,                               -- how many are between it and a whole one, itself included
  content text not null                                 -- JSON: action, env, sources, artifacts; digests cut to 16 digits
) without rowid;
`;

/** Manifests are in the order in which they were made, and found by a small index: that takes half the time to enter. */
const VERSION_6 = `
create table ordered_manifests (
  id integer primary key,
  fingerprint text not null,                            -- as in attempts
  base text,                                            -- the manifest that content changes; null when it is whole
  depth integer not null,                               -- how many are between it and a whole one, itself included
  content text not null                                 -- JSON: action, env, sources, artifacts; digests cut to 16 digits
);
insert into ordered_manifests (fingerprint, base, depth, content)
  select fingerprint, base, depth, content from manifests;
drop table manifests;
alter table ordered_manifests rename to manifests;
create unique index manifests_by_fingerprint on manifests (fingerprint);
`;

/** What a retry keeps to unless it is told another limit. */
const VERSION_7 = `
alter table runs add column timeout_ms integer;  -- for one attempt of those whose definition has none; null means none
`;

/** A project is moved and copied with its history. */
const VERSION_8 = `
alter table runs add column home text;  -- absolute path of the folder that this file lay in; null if not known
`;

/** A build that did little of much takes little: it has the definitions of one before, and no rows for what was up to date. */
const VERSION_9 = `
alter table runs add column defined_by integer;  -- the run whose rows in definitions are its own as well; null: it has some
alter table runs add column definitions_digest text;  -- first 16 hex digits; null when not known
alter table runs add column fresh blob;          -- tasks that were up to date: position p is bit p % 8 of byte p / 8
create index runs_by_definer on runs (defined_by) where defined_by is not null;
`;

/** "TrpH" */
export const HISTORY_SCHEMA: Schema = {
  applicationId: 0x54727048,
  steps: [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7, VERSION_8, VERSION_9],
};
