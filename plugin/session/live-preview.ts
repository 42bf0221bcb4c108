import { Cancellation, Cancelled } from '../cancellation.ts';

/** Milliseconds in which more movements of a slider become one request. */
const PAUSE = 80;

/**
 * Asks for previews one at a time, always for what was wanted last. One that is under way is let finish, so that a
 * slider being dragged shows something meanwhile; `stop` ends it at once.
 */
export class LivePreview<Wanted, Picture> {
  private readonly make: (wanted: Wanted, cancel: Cancellation) => Promise<Picture>;
  private readonly onPicture: (picture: Picture, upToDate: boolean) => void;
  private readonly onError: (error: unknown) => void;
  private wanted: Wanted | null = null;
  private flight: Cancellation | null = null;

  constructor(
    make: (wanted: Wanted, cancel: Cancellation) => Promise<Picture>,
    onPicture: (picture: Picture, upToDate: boolean) => void,
    onError: (error: unknown) => void,
  ) {
    this.make = make;
    this.onPicture = onPicture;
    this.onError = onError;
  }

  ask(wanted: Wanted): void {
    this.wanted = wanted;
    if (this.flight === null) void this.fly();
  }

  stop(): void {
    this.wanted = null;
    this.flight?.cancel();
    this.flight = null;
  }

  private async fly(): Promise<void> {
    const flight = new Cancellation();
    this.flight = flight;
    while (this.wanted !== null && !flight.cancelled) {
      try {
        await flight.sleep(PAUSE);
        const { wanted } = this;
        this.wanted = null;
        const picture = await this.make(wanted!, flight);
        if (!flight.cancelled) this.onPicture(picture, this.wanted === null);
      } catch (thrown) {
        if (!flight.cancelled && !(thrown instanceof Cancelled)) this.onError(thrown);
      }
    }
    // After a stop there may be another flight already.
    if (this.flight === flight) this.flight = null;
  }
}
