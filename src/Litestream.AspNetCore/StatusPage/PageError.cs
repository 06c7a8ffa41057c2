namespace Litestream.AspNetCore.StatusPage;

/// <summary>The answer to what could not be done.</summary>
/// <param name="Error">What is wrong.</param>
/// <param name="Remedy">What to do; null if that is said already.</param>
internal sealed record PageError(string Error, string? Remedy);
