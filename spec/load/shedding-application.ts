import { pbkdf2Sync } from "node:crypto";
import { singleton } from "tsyringe";
import { RequestHandler, Route, RunOnExecutor, defineApplication } from "waterspout";

/** So many rounds of work that nothing but a processor does. */
function hash(rounds: number): string {
  return pbkdf2Sync("password", "salt", rounds, 32, "sha256").toString("hex");
}

@singleton()
export class Work {
  @RunOnExecutor()
  async hash(rounds: number): Promise<string> {
    return hash(rounds);
  }
}

/** Work on the default executor. */
@Route("/executor/:rounds")
class OnExecutor extends RequestHandler {
  constructor(private readonly work: Work) {
    super();
  }

  get(rounds: string): Promise<string> {
    return this.work.hash(Number(rounds));
  }
}

/** The same on the event loop, where it does not belong. */
@Route("/loop/:rounds")
class OnLoop extends RequestHandler {
  get(rounds: string): string {
    return hash(Number(rounds));
  }
}

export default defineApplication({
  handlers: [OnExecutor, OnLoop],
});
