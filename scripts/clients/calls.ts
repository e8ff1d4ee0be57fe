// Calls with the types that openapi-typescript has generated. They are compiled, not run.
import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type ProblemCode = components["schemas"]["ProblemCode"];

const client = createClient<paths>({ baseUrl: "https://mfa.example.com" });

export async function logIn(username: string, password: string, code: string): Promise<string | ProblemCode> {
    const login = await client.POST("/api/auth/login", { body: { username, password } });
    if (login.error) {
        return login.error.code;
    }
    if (!("mfa_token" in login.data)) {
        return login.data.access_token;
    }
    const headers = { Authorization: `Bearer ${login.data.mfa_token}` };
    const granted = await client.POST("/api/mfa/verify/totp", { body: { code }, headers });
    if (granted.error) {
        return granted.error.code;
    }
    // The user must register a passkey with the enrolment token first.
    return "access_token" in granted.data ? granted.data.access_token : granted.data.enrolment_token;
}

export async function phone(token: string): Promise<string | null> {
    const headers = { Authorization: `Bearer ${token}` };
    const status = await client.GET("/api/mfa/status", { headers });
    if (status.error) {
        throw new Error(status.error.detail);
    }
    const locked: boolean = status.data.locked;
    return locked ? null : status.data.phone;
}

// Another member or code is an error of types.
// @ts-expect-error
client.POST("/api/mfa/verify/totp", { body: { pin: "492039" } });
// @ts-expect-error
export const unknown: ProblemCode = "no_such_code";
