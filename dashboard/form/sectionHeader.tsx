interface SectionHeaderProps {
  id: string;
  title: string;
  /** The button that begins a new one; undefined for whoever may not. */
  add?: { text: string; onAdd(): void } | undefined;
}

/** Heading of a list among several on a page. */
export function SectionHeader({ id, title, add }: SectionHeaderProps) {
  return (
    <header class="section-head">
      <h2 id={id}>{title}</h2>
      {add !== undefined && (
        <button type="button" class="button" onClick={add.onAdd}>
          {add.text}
        </button>
      )}
    </header>
  );
}
