/** A recording that cannot be read, or does not exist: says where and what to do. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  /** The place in the document, as `scenarios[3].steps[0].in.x1`; empty for the whole. */
  readonly place: string;

  constructor(place: string, problem: string) {
    super(place === '' ? problem : `${place}: ${problem}`);
    this.place = place;
  }
}
