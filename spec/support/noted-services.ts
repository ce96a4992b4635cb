import { RequestHandler, Route, RunOnExecutor } from "waterspout";
// After waterspout, which brings the reflect-metadata that it needs.
import { Lifecycle, scoped, singleton } from "tsyringe";

/** What the services say of themselves; to be emptied by `events.length = 0` before each test. */
export const events: string[] = [];

/** How many stores were made so far. */
export function storesMade(): number {
  return stores;
}
let stores = 0;

@singleton()
export class Store {
  readonly number = ++stores;

  dispose(): void {
    events.push("store disposed");
  }
}

@scoped(Lifecycle.ContainerScoped)
export class Visit {
  dispose(): void {
    events.push("visit disposed");
  }
}

/** A handler with an executor method, a service of the application and one of the request. */
@Route("/work")
export class WorkHandler extends RequestHandler {
  constructor(
    readonly store: Store,
    readonly visit: Visit,
  ) {
    super();
  }

  get(): void {}

  @RunOnExecutor()
  async work(): Promise<number> {
    return this.store.number;
  }
}
