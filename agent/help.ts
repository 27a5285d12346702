export const HELP = `Usage: npm run agent -- [options]
       node dist/agent/main.js [options]

Measures this machine (CPU, memory, the top 12 processes) and hands a snapshot to a Topline server at every interval.

  --url URL              the server; a path in front of /ingest/metrics is kept  (default http://127.0.0.1:8000)
  --id ID                this host's name on the server: 1-128 of A-Z a-z 0-9 . _ : -  (default: its host name)
  --label KEY=VALUE      what this host is sorted by on the server; may be given up to 16 times. The environment variable
                         AGENT_LABELS (key=value,key=value) does the same where no --label is given
  --interval SECONDS     from one snapshot to the next, 1 to 3600  (default 2)
  --token TOKEN          the server's agent token; the environment variable AGENT_API_TOKEN does the same and,
                         unlike this, does not show in the process list
  --buffer-size COUNT    snapshots kept in memory while the server is away; without a disk the oldest are dropped then
                         (default 900, half an hour at 2 s; about 1.5 KB each)
  --buffer-dir DIR       where they are also kept on disk while the server is away, so that they outlive this process;
                         for one agent  (default: topline-agent/ID@SERVER in the user's state directory,
                         $XDG_STATE_HOME or ~/.local/state, or in systemd's $STATE_DIRECTORY)
  --buffer-mb SIZE       how much is kept there, then the oldest are dropped  (default 64, a day at 2 s)
  --no-buffer            keep nothing on disk
  --drain-per-minute N   requests a minute while a backlog is handed in, where the server does not say what it
                         allows; each holds up to 500 snapshots, or one where the server takes no batches
                         (default 100; the server's own default limit is 120)
  --once                 measure over one interval, print the snapshot to stdout and exit; nothing is sent
  -h, --help             this text

The agent logs to stderr what changes, not every snapshot. SIGTERM or SIGINT: it hands in what it holds, for two
seconds at most, and exits with 0; the same signal again ends it at once. Exit code 2: the options are wrong.

On Linux everything is read from /proc; other users' I/O and open files are told as 0 unless it runs as root. On
macOS and Windows the optional package systeminformation is used: choose an interval of 5 seconds or more there.
`;
