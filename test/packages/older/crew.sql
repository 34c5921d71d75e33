pragma application_id=1416785987;
pragma user_version=1;
BEGIN TRANSACTION;
CREATE TABLE claims (                        -- who has what now
  id integer primary key references task_statuses (id),
  task_id integer not null references tasks (id),
  worker_id integer not null references workers (id),
  fingerprint text
);
INSERT INTO "claims" VALUES(3,2,1,'b88f70f56f473caf136985375a8c52b12a9f3f93f0fa82fe1158a58ee0e52f1f');
CREATE TABLE events (
  sequence integer primary key autoincrement,
  workflow_id integer not null references workflows (id),
  kind text not null,
  task_id integer,
  worker_id integer,
  timestamp integer not null
);
INSERT INTO "events" VALUES(1,1,'WORKER_JOINED',NULL,1,1695742893206);
INSERT INTO "events" VALUES(2,1,'TASKS_REGISTERED',NULL,NULL,1695742893230);
INSERT INTO "events" VALUES(3,1,'TASKS_REGISTERED',NULL,1,1695742893237);
INSERT INTO "events" VALUES(4,1,'TASK_RUNNING',1,1,1695742893238);
INSERT INTO "events" VALUES(5,1,'TASK_COMPLETED',1,1,1695742893315);
INSERT INTO "events" VALUES(6,1,'TASK_READY',2,NULL,1695742893315);
INSERT INTO "events" VALUES(7,1,'TASK_RUNNING',2,1,1695742893315);
CREATE TABLE locks (
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
CREATE TABLE requirement_sets (
  workflow_id integer not null references workflows (id),
  requirements text not null,
  primary key (workflow_id, requirements)
) without rowid;
INSERT INTO "requirement_sets" VALUES(1,'[]');
CREATE TABLE task_dependencies (
  task_id integer not null references tasks (id),
  dependency_id integer not null references tasks (id),
  primary key (task_id, dependency_id)
) without rowid;
INSERT INTO "task_dependencies" VALUES(2,1);
CREATE TABLE task_statuses (
  id integer primary key autoincrement,      -- that of a running one is also the number of the claim
  task_id integer not null references tasks (id),
  worker_id integer references workers (id), -- null where no member had the task
  status text not null check (status in ('running', 'completed', 'failed', 'abandoned', 'cancelled', 'blocked',
    'killed', 'invalidated')),
  fingerprint text,
  timestamp integer not null,
  detail text                                -- why it failed
);
INSERT INTO "task_statuses" VALUES(1,1,1,'running','47ac5262a1b7f592b760be2dc442d7bb361f47ddf9572a99200bf49be97c0e59',1695742893238,NULL);
INSERT INTO "task_statuses" VALUES(2,1,1,'completed','47ac5262a1b7f592b760be2dc442d7bb361f47ddf9572a99200bf49be97c0e59',1695742893315,NULL);
INSERT INTO "task_statuses" VALUES(3,2,1,'running','b88f70f56f473caf136985375a8c52b12a9f3f93f0fa82fe1158a58ee0e52f1f',1695742893315,NULL);
CREATE TABLE tasks (
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
INSERT INTO "tasks" VALUES(1,1,'x','completed','completed',0,0,'[]',0,1,0,0,0,0,0,'47ac5262a1b7f592b760be2dc442d7bb361f47ddf9572a99200bf49be97c0e59','47ac5262a1b7f592b760be2dc442d7bb361f47ddf9572a99200bf49be97c0e59',NULL,'[0,[],"[]",1]',1695742893238,1695742893315);
INSERT INTO "tasks" VALUES(2,1,'y','running','running',0,1,'[]',0,1,1,0,0,0,0,'b88f70f56f473caf136985375a8c52b12a9f3f93f0fa82fe1158a58ee0e52f1f',NULL,NULL,'[1,["x"],"[]",1]',1695742893315,NULL);
CREATE TABLE used_dependencies (             -- what a completion went by
  status_id integer not null references task_statuses (id),
  dependency_id integer not null references tasks (id),
  primary key (status_id, dependency_id)
) without rowid;
CREATE TABLE workers (
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
INSERT INTO "workers" VALUES(1,1,'10239','busy',1,1695742893246,30000,60000,'[]','vm',10239,'308739ae-eb73-47d8-9236-7f44868b740f/266337',1695742893206,NULL,1,0);
CREATE TABLE workflows (
  id integer primary key,
  name text not null unique,
  total_tasks integer,                       -- null when nobody knows, as with generators
  created_at integer not null                -- Unix milliseconds, as all times
);
INSERT INTO "workflows" VALUES(1,'main',2,1695742893205);
CREATE INDEX idx_workflow_status on workers (workflow_id, status);
CREATE UNIQUE INDEX workers_at_work on workers (workflow_id, identifier) where status in ('idle', 'busy');
CREATE UNIQUE INDEX tasks_by_name on tasks (workflow_id, name);
CREATE INDEX tasks_by_state on tasks (workflow_id, state, requirements);
CREATE INDEX idx_requirements on tasks (workflow_id, requirements, rank, id) where is_claimable = 1;
CREATE INDEX task_dependents on task_dependencies (dependency_id, task_id);
CREATE INDEX idx_task_status on task_statuses (task_id, status);
CREATE INDEX idx_worker_status on task_statuses (worker_id, status);
CREATE INDEX idx_timestamp on task_statuses (timestamp);
CREATE INDEX claims_by_task on claims (task_id, worker_id);
CREATE INDEX claims_by_worker on claims (worker_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('workers',1);
INSERT INTO "sqlite_sequence" VALUES('events',7);
INSERT INTO "sqlite_sequence" VALUES('task_statuses',3);
COMMIT;
