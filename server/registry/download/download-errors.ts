/** Something about the downloaded bytes is not as the spec says. */
export class WrongContent extends Error {}

/** The server refuses, or cannot answer now. */
export class HttpStatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the server answered ${status}${status === 404 ? ' (not found)' : ''}`);
    this.status = status;
  }

  /** Whether another try may succeed. */
  get passing(): boolean {
    return [408, 425, 429].includes(this.status) || this.status >= 500;
  }
}
