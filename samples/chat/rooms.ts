import { singleton } from "tsyringe";
import type { WebSocketHandler } from "waterspout";

/** What everybody in a room gets. */
export interface News {
  readonly from: string;
  readonly text: string;
}

/** Who is in which room, in this process. */
@singleton()
export class Rooms {
  readonly #rooms = new Map<string, Set<WebSocketHandler>>();

  join(room: string, member: WebSocketHandler): void {
    this.#rooms.set(room, (this.#rooms.get(room) ?? new Set()).add(member));
  }

  leave(room: string, member: WebSocketHandler): void {
    const members = this.#rooms.get(room);
    members?.delete(member);
    if (members?.size === 0) this.#rooms.delete(room);
  }

  /** Nobody waits for the slowest: a member that reads too slowly is cut off by its `maxBuffer`. */
  publish(room: string, news: News): void {
    for (const member of this.#rooms.get(room) ?? []) void member.writeMessage(news);
  }
}
