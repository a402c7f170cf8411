// Owns the proof that the npm client, with its own implementation of digest authentication (no
// `algorithm` in its answer, one counter over all nonces, no dated media types), is served.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { connect, serve } from "./server.mjs";

const UNKNOWN = "0123456789abcdef01234567";

describe("mongodb-atlas-api-client", () => {
  let server;
  let client;

  before(async () => {
    server = await serve("--pace", "instant", "--customer", "accept");
    client = connect(server);
  });

  after(() => server.stop());

  it("reads the project of the credentials", async () => {
    const project = await client.project.getById(server.projectId);
    assert.equal(project.id, server.projectId);
    assert.equal(project.orgId, server.orgId);
    assert.deepEqual(await client.project.getByName(project.name), project);
  });

  it("signs many requests in a row, one after the other and at once", async () => {
    for (let number = 0; number < 20; number += 1) {
      const page = await client.project.getAll({ itemsPerPage: 1 });
      assert.equal(page.results.length, 1);
    }
    const pages = await Promise.all(
      Array.from({ length: 20 }, () => client.project.getAll({ itemsPerPage: 1 })),
    );
    assert.deepEqual(pages.map((page) => page.results.length), Array(20).fill(1));
  });

  it("makes and deletes a project", async () => {
    const made = await client.project.create({ name: "npm-client", orgId: server.orgId });
    assert.match(made.id, /^[0-9a-f]{24}$/);
    assert.equal(made.clusterCount, 0);
    const listed = await client.organization.getAllProjectsForOrganization(server.orgId);
    assert.ok(listed.results.some((project) => project.id === made.id));
    assert.equal(await client.project.delete(made.id), true);
    const gone = await client.project.getById(made.id);
    assert.equal(gone.errorCode, "GROUP_NOT_FOUND");
    assert.equal(gone.detail, `No group with ID ${made.id} exists.`);
  });

  it("reads an error as a value", async () => {
    const answer = await client.project.getById(UNKNOWN);
    assert.equal(answer.error, 404);
    assert.equal(answer.errorCode, "GROUP_NOT_FOUND");
    assert.deepEqual(answer.parameters, [UNKNOWN]);
  });

  it("reads the organization and its projects", async () => {
    const organization = await client.organization.getById(server.orgId);
    assert.equal(organization.id, server.orgId);
    const all = await client.organization.getAll();
    assert.deepEqual(all.results.map((found) => found.id), [server.orgId]);
    assert.equal(all.totalCount, 1);
  });

  it("reads the teams of a project: none", async () => {
    const teams = await client.project.getTeamsByProjectId(server.projectId);
    assert.deepEqual(teams.results, []);
    assert.equal(teams.totalCount, 0);
  });

  it("keeps the access list", async () => {
    const list = client.projectAccesslist;
    const made = await list.create([{ ipAddress: "198.51.100.9", comment: "npm" }]);
    assert.equal(made.results[0].ipAddress, "198.51.100.9");
    const entry = await list.get("198.51.100.9");
    assert.equal(entry.cidrBlock, "198.51.100.9/32");
    assert.equal(entry.comment, "npm");
    assert.equal(entry.groupId, server.projectId);
    const all = await list.getAll();
    assert.deepEqual(all.results.map((found) => found.ipAddress), ["198.51.100.9"]);
    assert.equal(await list.delete("198.51.100.9"), true);
    assert.equal((await list.get("198.51.100.9")).error, 404);
  });

  it("reads events", async () => {
    const page = await client.event.getAll();
    assert.ok(page.results.length > 0);
    const first = page.results[0];
    assert.equal((await client.event.get(first.id)).eventTypeName, first.eventTypeName);
    assert.equal((await client.event.getAllByOrganizationId(server.orgId)).totalCount > 0, true);
  });

  it("is refused with another key", async () => {
    const stranger = connect(server, { privateKey: "not-the-private-key" });
    const answer = await stranger.project.getById(server.projectId);
    assert.equal(answer.error, 401);
    assert.equal(answer.detail, "You are not authorized for this resource.");
  });
});
