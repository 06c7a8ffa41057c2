namespace Litestream.AspNetCore.StatusPage;

/// <summary>Why an endpoint serves nothing.</summary>
internal sealed record AccessProblem(string Text);
