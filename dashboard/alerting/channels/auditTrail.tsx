import { useCallback } from 'preact/hooks';
import { useServices } from '../../services.tsx';
import { Time } from '../../shell/time.tsx';
import { usePages } from '../../form/usePages.ts';

/** Who changed what, newest first. */
export function AuditTrail({ round }: { round: number }) {
  const { client } = useServices();
  const ask = useCallback(
    async (cursor: string | undefined, signal: AbortSignal) => {
      const page = await client.get('/api/audit', { query: { limit: 20, cursor }, signal });
      return { items: page.entries, next: page.next_cursor };
    },
    [client, round],
  );
  const { items, error, more } = usePages(ask);
  return (
    <section aria-labelledby="audit">
      <h2 id="audit">Changes</h2>
      {error !== undefined && <p class="notice">The changes could not be read: {error}</p>}
      {items?.length === 0 && <p class="listed-none">Nothing was changed yet.</p>}
      {items !== undefined && items.length > 0 && (
        <table class="listed" aria-labelledby="audit">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What</th>
              <th scope="col">Of</th>
              <th scope="col">By</th>
            </tr>
          </thead>
          <tbody>
            {items.map(({ id, at_ms, action, target, role, by, address }) => (
              <tr key={id}>
                <td>
                  <Time seconds={Math.floor(at_ms / 1000)} />
                </td>
                <td>{action.replace(/[._]/g, ' ')}</td>
                <td>{target}</td>
                <td>
                  {by ?? role}
                  <span class="listed-note">from {address}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more !== undefined && (
        <button type="button" class="button" onClick={more}>
          Earlier ones
        </button>
      )}
    </section>
  );
}
