import { useState } from 'preact/hooks';

/** The one command that makes a host report here. */
export function ConnectHost() {
  const [copied, setCopied] = useState(false);
  const command = `npm run agent -- --url ${location.origin} --id web-01`;
  const copy = () => {
    void navigator.clipboard.writeText(command).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div class="connect">
      <p>On the host, in a clone of Topline’s repository (Node.js 20.19 or newer):</p>
      <div class="command">
        <pre>
          <code>{command}</code>
        </pre>
        {/* Only pages of a secure origin, this machine’s included, may write to the clipboard. */}
        {window.isSecureContext && (
          <button type="button" class="button" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        )}
      </div>
      <p class="connect-note">
        Where this server has <code>AGENT_API_TOKEN</code> set, put it before:{' '}
        <code>AGENT_API_TOKEN=… npm run …</code>. Any program can report, too: with{' '}
        <code>POST {location.origin}/ingest/metrics</code> and the headers <code>X-Agent-Id</code> and, where
        there is a token, <code>X-Agent-Token</code> (<a href="/docs">API</a>).
      </p>
    </div>
  );
}
