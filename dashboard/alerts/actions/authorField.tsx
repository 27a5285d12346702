interface AuthorFieldProps {
  author: string;
  onAuthor: (author: string) => void;
}

export function AuthorField({ author, onAuthor }: AuthorFieldProps) {
  return (
    <label class="form-row">
      Your name
      <input
        class="field"
        required
        maxLength={128}
        autoComplete="name"
        pattern=".*\S.*"
        value={author}
        onInput={({ currentTarget }) => onAuthor(currentTarget.value)}
      />
    </label>
  );
}
