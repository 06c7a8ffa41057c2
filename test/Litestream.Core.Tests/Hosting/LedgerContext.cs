using Microsoft.EntityFrameworkCore;

namespace Litestream.Hosting;

/// <summary>An application's database by EF Core, over the pooled connections of Microsoft.Data.Sqlite.</summary>
public sealed class LedgerContext(string connectionString) : DbContext
{
    public DbSet<LedgerEntry> Entries => Set<LedgerEntry>();

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseSqlite(connectionString);
}
