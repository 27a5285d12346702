import { NotFoundError } from '../../core/errors.ts';
import { alertEndpoints } from '../../core/contracts/endpoints/alerts.ts';
import { nowSeconds } from '../../core/time.ts';
import { route, type Route } from '../http/route.ts';
import type { Alerting } from './alerting.ts';

/** @throws {NotFoundError} */
export function refuseUnknownAlert(id: string): never {
  throw new NotFoundError(`There is no alert ${id}`);
}

/** `GET /api/alerts/:id`: one alert, and all that happened to it. */
export function alertRoute({ book }: Pick<Alerting, 'book'>): Route {
  return route(alertEndpoints.get, {
    access: 'reader',
    async handle(request) {
      const { id } = request.params();
      return (await book.detail(id, nowSeconds())) ?? refuseUnknownAlert(id);
    },
  });
}
