import { errorAt, type FieldErrors } from './fieldErrors.ts';

/** What a field is given: what it shows, what to do with what is typed, and what is wrong with it. */
export interface Bound<Value> {
  value: Value;
  onValue(value: Value): void;
  error: string | undefined;
}

/** Ties fields to a form's state. @param place of a field in the contract, where it is not called as in the form */
export function binder<Form extends object>(
  form: Form,
  change: (changes: Partial<Form>) => void,
  errors: FieldErrors,
) {
  return <Key extends keyof Form & string>(key: Key, place: string = key): Bound<Form[Key]> => ({
    value: form[key],
    onValue: (value) => change({ [key]: value } as unknown as Partial<Form>),
    error: errorAt(errors, place),
  });
}
