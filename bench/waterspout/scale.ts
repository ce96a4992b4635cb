import { inject, injectable } from "tsyringe";
import { RequestHandler, type RouteSpec, defineApplication, route } from "waterspout";

const [routes = 10, services = 10] = process.argv.slice(2).map(Number);

class Service {
  describe(id: string): { id: string } {
    return { id };
  }
}

/** So that one of them is wanted, and the rest is registered only. */
const wanted = "service-9";

@injectable()
class ItemHandler extends RequestHandler {
  constructor(@inject(wanted) private readonly service: Service) {
    super();
  }

  get(id: string): object {
    return this.service.describe(id);
  }
}

function handlers(): RouteSpec[] {
  return Array.from({ length: routes }, (_, index) => route(`/items-${index}/:id`, class extends ItemHandler {}));
}

/** So many routes, each with a handler of its own, and so many services, given by the command line. */
export default defineApplication({
  handlers: handlers(),
  configure(container) {
    for (let index = 0; index < services; index++) {
      container.registerSingleton(`service-${index}`, class extends Service {});
    }
  },
  accessLog: false,
});
