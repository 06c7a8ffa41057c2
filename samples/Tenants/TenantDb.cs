using Microsoft.EntityFrameworkCore;

namespace Tenants;

/// <summary>What belongs to one tenant, in a file of its own.</summary>
public sealed class TenantDb(DbContextOptions<TenantDb> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();
}
