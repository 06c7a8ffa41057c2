namespace Tenants;

/// <summary>A row of the catalogue.</summary>
public sealed class Tenant
{
    public required string Id { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
