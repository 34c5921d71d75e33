pragma application_id=1416785992;
pragma user_version=2;
BEGIN TRANSACTION;
CREATE TABLE definitions (
  run_id integer not null references runs (id) on delete cascade,
  position integer not null,                 -- in the order of the task file
  name text not null,
  command text not null,
  dependencies text not null,                -- JSON: names in order
  timeout_ms integer,                        -- for one attempt; null means none
  retries integer not null,
  env text not null, declared text,                         -- JSON: name to value
  primary key (run_id, position)
) without rowid;
INSERT INTO "definitions" VALUES(1,0,'a','cat a.txt > "$OUT"','[]',NULL,0,'{}',NULL);
INSERT INTO "definitions" VALUES(1,1,'b','(content)','["a"]',NULL,0,'{}',NULL);
INSERT INTO "definitions" VALUES(1,2,'c','(concatenate)','["b"]',NULL,0,'{}',NULL);
INSERT INTO "definitions" VALUES(2,0,'one','echo one','[]',60000,0,'{}',NULL);
INSERT INTO "definitions" VALUES(2,1,'two','echo two; false','["one"]',60000,0,'{}',NULL);
INSERT INTO "definitions" VALUES(2,2,'three','echo three','["two"]',60000,0,'{}',NULL);
CREATE TABLE runs (
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
INSERT INTO "runs" VALUES(1,1695742892,1695742892,37,3,3,0,0,0,NULL,'build','/project/build.json','/project',NULL,'vm',9945,'308739ae-eb73-47d8-9236-7f44868b740f/266157');
INSERT INTO "runs" VALUES(2,1695742892,1695742892,47,3,1,1,1,0,NULL,'run','/project/tasks.txt','/project',NULL,'vm',10056,'308739ae-eb73-47d8-9236-7f44868b740f/266245');
CREATE TABLE tasks (
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
INSERT INTO "tasks" VALUES(1,1,'a','cat a.txt > "$OUT"','passed',0,1695742892,1695742892,70,NULL,NULL,NULL,1);
INSERT INTO "tasks" VALUES(2,1,'b','(content)','passed',0,1695742892,1695742892,5,NULL,NULL,NULL,1);
INSERT INTO "tasks" VALUES(3,1,'c','(concatenate)','passed',0,1695742892,1695742892,3,NULL,NULL,NULL,1);
INSERT INTO "tasks" VALUES(4,2,'one','echo one','passed',0,1695742892,1695742892,18,'one
','',NULL,1);
INSERT INTO "tasks" VALUES(5,2,'two','echo two; false','failed',1,1695742892,1695742892,3,'two
','','Command failed with exit code 1',1);
INSERT INTO "tasks" VALUES(6,2,'three','echo three','skipped',NULL,NULL,NULL,NULL,NULL,NULL,NULL,0);
CREATE UNIQUE INDEX tasks_by_run on tasks (run_id, name);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
