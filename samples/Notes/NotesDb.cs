using Microsoft.EntityFrameworkCore;

namespace Notes;

public sealed class NotesDb(DbContextOptions<NotesDb> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.Entity<Note>().Property(note => note.Text).HasMaxLength(Note.MaxLength);
}
