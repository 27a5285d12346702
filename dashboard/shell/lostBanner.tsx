import { useServices } from '../services.tsx';
import { Time } from './time.tsx';

/**
 * Says at once that the page is not live, since when, and that it is being seen to. It lies over the page, at its foot, so
 * that nothing moves; the region itself is always there, or screen readers would not read out what comes into it.
 */
export function LostBanner() {
  const { link, session } = useServices();
  const lostAt = link.lostAt.value;
  const isLost = !session.closed.value && lostAt !== undefined;
  return (
    <div class="lost-region" role="status">
      {isLost && (
        <p class="lost">
          <strong>Connection lost.</strong> What you see is as of{' '}
          <Time seconds={Math.floor(lostAt / 1000)} as="clock" />. Trying again…
        </p>
      )}
    </div>
  );
}
