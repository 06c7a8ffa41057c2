using Microsoft.EntityFrameworkCore;

namespace Tenants;

/// <summary>Which tenants there are. A database of its own, named in the options, and so replicated from start to stop.</summary>
public sealed class CatalogDb(DbContextOptions<CatalogDb> options) : DbContext(options)
{
    public DbSet<Tenant> Tenants => Set<Tenant>();
}
