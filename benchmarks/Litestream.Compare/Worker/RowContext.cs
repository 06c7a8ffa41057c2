using Microsoft.EntityFrameworkCore;

namespace Litestream.Compare.Worker;

internal sealed class RowContext(string path) : DbContext
{
    public DbSet<Row> Rows => Set<Row>();

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseSqlite($"Data Source={path};Pooling=False");

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Row>(row =>
    {
        row.ToTable("t");
        row.Property(r => r.Id).HasColumnName("id");
        row.Property(r => r.V).HasColumnName("v");
    });
}
