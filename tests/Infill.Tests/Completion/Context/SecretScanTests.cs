using Infill.Completion.Context;

namespace Infill.Tests.Completion.Context;

public sealed class SecretScanTests
{
    [Theory]
    [InlineData(".env")]
    [InlineData("app/.env.production")]
    [InlineData("tls/server.pem")]
    [InlineData("tls/server.KEY")]
    [InlineData("home/id_rsa")]
    [InlineData("home/.ssh/config")]
    [InlineData("home/.aws/credentials")]
    [InlineData("config/credentials.json")]
    [InlineData("config/app-secrets.yaml")]
    [InlineData(".npmrc")]
    [InlineData("infra/prod.tfvars")]
    public void A_file_is_secret_by_its_name(string path) => Assert.True(SecretScan.IsSecretName(path));

    [Theory]
    [InlineData("src/credentials.py")]
    [InlineData("src/secrets.go")]
    [InlineData("src/environment.ts")]
    [InlineData("src/Tokenizer.cs")]
    [InlineData("keyboard.c")]
    public void Code_about_secrets_is_none(string path) => Assert.False(SecretScan.IsSecretName(path));

    [Theory]
    [InlineData("aws_id = 'AKIAIOSFODNN7EXAMPLE'")]
    [InlineData("token: ghp_abcdefghijklmnopqrstuvwxyz0123456789")]
    [InlineData("const key = 'sk-proj-abcdefghijklmnopqrst';")]
    [InlineData("password = \"correct-horse\"")]
    [InlineData("DB_PASSWORD=swordfish12345")]
    [InlineData("  \"client_secret\": \"abcdef123456\",")]
    [InlineData("url = 'postgres://admin:hunter2@db.local/app'")]
    [InlineData("Authorization: Bearer abcdefghijklmnopqrstuvwxyz")]
    [InlineData("x = 'a8f5f167f44f4964e6c998dee827110c'")]
    [InlineData("jwt = eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc")]
    public void A_line_with_a_key_is_secret(string line) => Assert.True(SecretScan.IsTokenLine(line));

    [Theory]
    [InlineData("password = form.password")]
    [InlineData("token = tokenizer.next()")]
    [InlineData("public async Task A_chunk_that_defines_a_name_used_at_the_cursor_comes_first()")]
    [InlineData("import { createOperatorSubscriber } from './OperatorSubscriber';")]
    [InlineData("if token == TokenKind.Identifier2:")]
    public void Code_that_handles_keys_is_not(string line) => Assert.False(SecretScan.IsTokenLine(line));
}
