namespace Tenants;

public sealed record NewNote(string? Text);
