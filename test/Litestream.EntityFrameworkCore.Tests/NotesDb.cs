using Microsoft.EntityFrameworkCore;

namespace Litestream.EntityFrameworkCore;

public sealed class NotesDb(DbContextOptions<NotesDb> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();
}
