"""What the site as a whole has to remember."""

from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.session import Base


class SiteState(Base):
    """One row. Its generation grows with every change of what readers can see, in the transaction of the change."""

    __tablename__ = "site_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int]
