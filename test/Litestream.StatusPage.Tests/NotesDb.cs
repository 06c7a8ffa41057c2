using Microsoft.EntityFrameworkCore;

namespace Litestream.StatusPage;

public sealed class NotesDb(DbContextOptions<NotesDb> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();
}
