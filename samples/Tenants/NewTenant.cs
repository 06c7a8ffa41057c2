namespace Tenants;

public sealed record NewTenant(string? Id);
