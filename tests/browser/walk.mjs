// The way of a person, click by click. `reached(name)` is called on every page; what is done there is the caller's.

import assert from 'node:assert/strict';

/** Within this a revocation is seen on the platform's page. */
const VISIBLE_MS = 5_000;
/** What a page does not say by then it does not say. */
const SAID_MS = 60_000;

/** Everything, in one browser. */
export async function walk(page, ready, reached) {
  const walker = new Walker(page, ready, reached);
  try {
    for (const part of ['strangers', 'confirmation', 'twoOrganisations', 'refusal', 'declined', 'portal', 'revocation']) await walker[part]();
  } catch (error) {
    console.error(`stopped at ${page.url()}:\n${await page.locator('body').innerText()}`);
    throw error;
  }
}

class Walker {
  constructor(page, ready, reached) {
    Object.assign(this, { page, ready, reached });
  }

  button(name) {
    return this.page.getByRole('button', { name });
  }

  link(name) {
    return this.page.getByRole('link', { name });
  }

  /** A click ends when the next page begins to arrive: its text may take a moment. */
  async says(...texts) {
    const begun = performance.now();
    let shown;
    do {
      await this.page.waitForLoadState();
      shown = await this.page.locator('body').innerText();
    } while (!texts.every((text) => shown.includes(text)) && performance.now() - begun < SAID_MS);
    for (const text of texts) assert.ok(shown.includes(text), `«${text}» is not on ${this.page.url()}:\n${shown}`);
  }

  async at(address) {
    await this.page.waitForURL((url) => url.href.startsWith(address));
  }

  /** Opens an address; `status` is what it must answer with. */
  async open(address, status = 200) {
    const answer = await this.page.goto(address);
    assert.equal(answer.status(), status, address);
  }

  club(id, rest = '') {
    return `${this.ready.platform_url}/club${id}${rest}`;
  }

  /** Pages anybody may stumble upon. */
  async strangers() {
    const { public_url: service, platform_url: platform, esia_url: esia } = this.ready;
    await this.open(`${service}/`);
    await this.reached('gosbadge-front');
    for (const [name, link] of [['not-understood', 'что-то не то'], ['not-confirmed', this.club('218000001')]]) {
      await this.page.getByRole('textbox').first().fill(link);
      await this.button('Проверить').click();
      await this.at(`${service}/check?`);
      await this.reached(`gosbadge-check-${name}`);
    }
    await this.open(`${service}/?lang=en`);
    await this.reached('gosbadge-front-en');
    await this.link('Documentation').click();
    await this.at(`${service}/docs`);
    await this.open(`${service}/docs`);
    await this.page.getByText('POST /oauth/token', { exact: false }).first().click();
    await this.says('unsupported_grant_type', 'Коды ошибок', 'idempotency-key-reused');
    await this.reached('gosbadge-docs');
    await this.open(`${service}/docs/guide`);
    await this.reached('gosbadge-guide');
    await this.open(`${service}/c/01ARZ3NDEKTSV4RRFFQ69G5FAV`, 404);
    await this.reached('gosbadge-not-found');
    await this.open(`${service}/oauth/callback?state=unknown&code=unknown`, 400);
    await this.reached('gosbadge-login-lost');
    await this.open(`${platform}/`);
    await this.reached('platform-front');
    await this.open(`${platform}/nowhere`, 404);
    await this.reached('platform-not-found');
    await this.open(`${esia}/`);
    await this.reached('esia-front');
    await this.open(`${esia}/login?request=unknown`, 400);
    await this.reached('esia-stale-login');
  }

  /** To the stand-in ESIA's sign-in page, from the settings page of a community. */
  async toSignIn(club, look = false) {
    const settings = this.club(club, '/settings');
    await this.open(settings);
    if (await this.button('Администратор сообщества').isVisible()) {
      if (look) await this.reached('platform-settings-stranger');
      await this.button('Администратор сообщества').click();
      await this.at(settings);
    }
    if (look) await this.reached('platform-settings');
    await this.button('Подтвердить через Госуслуги').click();
    await this.at(`${this.ready.esia_url}/login`);
  }

  persona(id) {
    return this.button(this.ready.personas.find((persona) => persona.id === id).title);
  }

  async confirmation() {
    await this.toSignIn('218000001', true);
    await this.reached('esia-sign-in');
    await this.persona('kindergarten-head').click();
    await this.at(this.club('218000001', '/settings'));
    await this.says('подтверждена', 'ОГРН');
    await this.reached('platform-settings-confirmed');
    await this.button('Проверить сейчас').click();
    await this.says('community.verify');
    await this.reached('platform-settings-asked');
    await this.open(this.club('218000001'));
    await this.says('Госорганизация ✓ подтверждено gosbadge', 'Ромашка');
    await this.reached('platform-club-confirmed');
    await this.link('Кто и когда подтвердил').click();
    await this.at(`${this.ready.public_url}/c/`);
    await this.says('Ромашка', 'ОГРН');
    this.badgePage = this.page.url();
    await this.reached('gosbadge-badge');
    await this.open(`${this.badgePage}?lang=en`);
    await this.reached('gosbadge-badge-en');
    await this.open(`${this.ready.public_url}/`);
    await this.page.getByRole('textbox').first().fill(this.club('218000001'));
    await this.button('Проверить').click();
    await this.says('Ромашка', 'ОГРН');
    await this.reached('gosbadge-check-confirmed');
    await this.open(`${this.ready.platform_url}/`);
    await this.reached('platform-front-confirmed');
  }

  async twoOrganisations() {
    await this.toSignIn('218000002');
    await this.reached('esia-sign-in-again');
    await this.persona('two-organisations').click();
    await this.at(`${this.ready.public_url}/applications/`);
    await this.reached('gosbadge-choice');
    await this.button('Подтвердить').click();
    await this.page.getByText('Ошибка').first().waitFor();
    await this.reached('gosbadge-choice-missing');
    const cards = this.page.getByRole('radio');
    assert.equal(await cards.count(), 2);
    const second = this.page.locator('label').nth(1);
    const chosen = await second.locator('b').innerText();
    await second.click();
    await this.reached('gosbadge-choice-made');
    await this.button('Подтвердить').click();
    await this.at(this.club('218000002', '/settings'));
    await this.says('подтверждена');
    await this.open(this.club('218000002'));
    await this.says(chosen);
  }

  /** Turned away on gosbadge's page, and back to the platform with a code and advice. */
  async refusal() {
    await this.toSignIn('218000003');
    await this.persona('employee').click();
    await this.page.getByRole('heading', { level: 1 }).waitFor();
    await this.at(`${this.ready.public_url}/`);
    await this.says('F04');
    await this.reached('gosbadge-refusal');
    await this.page.reload();
    await this.says('F04');
    await this.open(`${this.page.url()}&lang=en`, 403);
    await this.says('F04', 'What to do');
    await this.reached('gosbadge-refusal-en');
    await this.page.goBack();
    await this.says('F04');
    // With the wrong account one signs out at the identity provider and lands on the application's page.
    await this.button('Выйти из учётной записи').click();
    await this.at(`${this.ready.public_url}/applications/`);
    await this.says('F04');
    await this.reached('gosbadge-application-refused');
    await this.page.goBack();
    await this.says('F04');
    await this.button('Вернуться').click();
    await this.at(this.club('218000003', '/settings'));
    await this.says('F04', 'Что делать');
    await this.reached('platform-settings-refused');
  }

  async declined() {
    await this.toSignIn('218000003');
    await this.button('Отказать в доступе').click();
    await this.at(`${this.ready.public_url}/`);
    await this.says('F01');
    await this.reached('gosbadge-declined');
    await this.link('Попробовать снова').click();
    await this.at(`${this.ready.esia_url}/login`);
    await this.persona('city-admin').click();
    await this.at(this.club('218000003', '/settings'));
    await this.says('подтверждена');
  }

  /** An authority starts by itself: its form, its mistakes, the link, and signing in by it. */
  async portal() {
    const { public_url: service } = this.ready;
    await this.open(`${service}/`);
    await this.link('Подтвердить страницу').click();
    await this.at(`${service}/apply`);
    await this.reached('gosbadge-apply');
    const send = async (link) => {
      await this.page.getByLabel('Ссылка на страницу').fill(link);
      await this.button('Продолжить').click();
    };
    await send('что-то не то');
    await this.says('Ошибка', 'link-not-understood');
    await this.reached('gosbadge-apply-error');
    await this.open(`${service}/apply?lang=en`);
    await this.reached('gosbadge-apply-en');
    await this.open(`${service}/apply`);
    await send(this.club('218000004'));
    await this.at(`${service}/applications/`);
    await this.says('Школа № 7', 'Войти через Госуслуги');
    const link = this.page.url();
    assert.equal(await this.page.getByLabel('Ссылка, чтобы скопировать').inputValue(), link);
    await this.reached('gosbadge-portal-started');
    await this.link('Войти через Госуслуги').click();
    await this.at(`${this.ready.esia_url}/login`);
    await this.persona('two-organisations').click();
    await this.at(`${service}/applications/`);
    await this.reached('gosbadge-portal-choice');
    await this.page.locator('label').first().click();
    await this.button('Продолжить').click();
    await this.says('Организация проверена');
    await this.reached('gosbadge-portal-chosen');
    await this.open(link);
    await this.button('Отказаться от заявки').click();
    await this.says('не подтверждена');
    await this.reached('gosbadge-portal-given-up');
    await this.link('Подать новую заявку').click();
    await this.at(`${service}/apply`);
    await send(this.club('218000004'));
    await this.link('Войти через Госуслуги').click();
    await this.persona('employee').click();
    await this.says('F04', 'Подать новую заявку');
    await this.reached('gosbadge-portal-refusal');
    await this.lastStep();
  }

  /** The text in the community, the last step, and what it leads to. */
  async lastStep() {
    const { public_url: service } = this.ready;
    await this.open(`${service}/apply?link=${encodeURIComponent(this.club('218000006'))}`);
    await this.button('Продолжить').click();
    await this.link('Войти через Госуслуги').click();
    await this.persona('city-admin').click();
    await this.at(`${service}/applications/`);
    const application = this.page.url();
    await this.link('Доказать управление страницей').click();
    await this.reached('gosbadge-control');
    await this.button('Получить текст').click();
    const text = await this.page.getByLabel('Скопируйте этот текст целиком:').inputValue();
    await this.reached('gosbadge-control-text');
    await this.describe('218000006', text);
    await this.open(`${application}/control`);
    await this.button('Проверить').click();
    await this.at(`${application}/confirm`);
    await this.says('Эрудит', 'ОГРН', 'Что станет видно всем');
    await this.reached('gosbadge-confirm');
    await this.page.goto(`${application}/confirm?lang=en`);
    await this.reached('gosbadge-confirm-en');
    await this.open(`${application}/confirm`);
    const standing = async (word) => {
      const answer = await fetch(`${this.ready.platform_url}/api/communities/218000006/standing/${word}`, { method: 'POST' });
      assert.ok(answer.ok, word);
    };
    await standing('closed');
    await this.button('Подтвердить и получить знак').click();
    await this.says('community-closed');
    await this.reached('gosbadge-confirm-held');
    await standing('open');
    await this.link('Попробовать снова').click();
    await this.button('Подтвердить и получить знак').click();
    await this.page.waitForURL(application);
    await this.says('Страница подтверждена', 'Что дальше');
    await this.reached('gosbadge-portal-issued');
    await this.link('Открыть страницу знака').click();
    await this.at(`${service}/c/`);
    await this.says('Эрудит');
  }

  /** As the community's administrator. */
  async describe(club, text) {
    await this.open(this.club(club, '/settings'));
    if (await this.button('Администратор сообщества').isVisible()) {
      await this.button('Администратор сообщества').click();
      await this.at(this.club(club, '/settings'));
    }
    await this.page.getByLabel('Описание сообщества').fill(`О нас.\n${text}`);
    await this.button('Сохранить описание').click();
    await this.at(this.club(club, '/settings'));
  }

  /** An admin revokes; the platform's page must lose the badge within seconds. */
  async revocation() {
    const { badge } = (await (await fetch(`${this.ready.platform_url}/api/communities/218000001`)).json()).badge;
    await this.open(this.club('218000001'));
    await this.says('Госорганизация');
    const begun = performance.now();
    const answer = await fetch(`${this.ready.admin_url}/admin/v1/badges/${badge}/revoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.ready.operator_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'community_captured' }),
    });
    assert.equal(answer.status, 200, await answer.text());
    while ((await this.page.locator('body').innerText()).includes('Госорганизация')) {
      assert.ok(performance.now() - begun < VISIBLE_MS, `the badge is still on the page after ${VISIBLE_MS} ms`);
      await this.page.reload();
    }
    const took = Math.round(performance.now() - begun);
    assert.ok(took < VISIBLE_MS, `the badge left the page only after ${took} ms`);
    console.log(`  ok  ${took} ms after the admin's revocation the badge is gone from the platform's page`);
    await this.reached('platform-club-revoked');
    await this.link('Управление').click();
    await this.says('отозвана');
    await this.reached('platform-settings-revoked');
    await this.open(this.badgePage);
    await this.reached('gosbadge-badge-revoked');
    await this.open(`${this.ready.public_url}/check?link=${encodeURIComponent(this.club('218000001'))}`);
    await this.reached('gosbadge-check-revoked');
  }
}
