import { SUBJECTS, type Subject } from '../protocol/matte.ts';

export function isSubject(value: unknown): value is Subject {
  return SUBJECTS.some((subject) => subject === value);
}

/** The part of localStorage that we use. */
export type TextStore = Pick<Storage, 'getItem' | 'setItem'>;

const KEY = 'hairline.subject';

/** The user's choice, kept for the next session; where nothing can be kept, for this one. */
export class SubjectMemory {
  private readonly open: () => TextStore;
  private chosen: Subject;

  /** @param open may throw: a host need not have localStorage, and need not let us have it. */
  constructor(open: () => TextStore = () => localStorage) {
    this.open = open;
    this.chosen = this.load();
  }

  get subject(): Subject {
    return this.chosen;
  }

  choose(subject: Subject): void {
    this.chosen = subject;
    try {
      this.open().setItem(KEY, subject);
    } catch {
      // Then it holds until Photoshop is closed.
    }
  }

  private load(): Subject {
    try {
      const kept = this.open().getItem(KEY);
      if (isSubject(kept)) return kept;
    } catch {
      // As good as nothing kept.
    }
    return 'portrait';
  }
}
