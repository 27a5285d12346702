import { useEffect, useRef, useState } from 'preact/hooks';

export interface News {
  text: string;
  isBad: boolean;
  /** Grows, so that the same words are told again. */
  count: number;
}

/** What was done last, in words. */
export function useNews() {
  const [news, setNews] = useState<News>({ text: '', isBad: false, count: 0 });
  const tell = (text: string, isBad = false) => setNews(({ count }) => ({ text, isBad, count: count + 1 }));
  return { news, tell };
}

/** Says what was done. What had the focus may be gone with it: it goes on here. */
export function NewsLine({ news }: { news: News }) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (news.count > 0) line.current?.focus();
  }, [news.count]);
  return (
    <div ref={line} class="news-line" role="status" tabIndex={-1}>
      {news.text !== '' && (
        <p class="notice" data-bad={news.isBad}>
          {news.text}
        </p>
      )}
    </div>
  );
}
